"""Thresholds over series of numbers: `avg(cpu.percent, 5m) > 80 warn, > 95 crit`. Pure: no clock, no database."""
