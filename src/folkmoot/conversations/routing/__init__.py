"""The router: which agent answers what somebody said, how sure that is, and why."""
