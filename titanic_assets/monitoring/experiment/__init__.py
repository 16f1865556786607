"""The challenger beside the champion, on the traffic that both had: which of them is better."""
