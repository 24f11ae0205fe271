"""What an answer must be: one typed model, shared by form, API, worker and evidence."""
