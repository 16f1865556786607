"""How far the passengers of late are from those that the answering version was trained on."""
