"""`make run`: one light process that starts, watches and stops every process of Pulse on one machine."""
