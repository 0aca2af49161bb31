"""A model that works: it is asked, calls tools as far as it may, and every step of it is kept."""
