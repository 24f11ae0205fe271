"""Take over checks from Pingdom: read them with a token, and write them as monitors of ours."""
