"""On-call schedules: who has the pager, on whose clocks, and who takes over next."""
