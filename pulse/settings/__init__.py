"""Settings by place: `local` for one machine, `production` for servers, `test` for the suite."""
