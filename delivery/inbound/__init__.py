"""What comes back from customers and mail systems: leaving, preferences, clicks, bounces, complaints."""
