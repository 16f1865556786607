"""What starts runs without a hand: jobs, schedules and sensors."""
