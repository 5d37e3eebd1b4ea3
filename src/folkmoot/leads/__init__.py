"""A sales lead, its analysis and follow-up."""
