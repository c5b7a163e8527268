"""What is known of samples before a network sees them."""
