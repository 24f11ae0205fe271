"""For how many days the raw results of an organisation's checks may be kept."""

RESULTS_USUAL_DAYS = 30
RESULTS_LEAST_DAYS = 3
RESULTS_MOST_DAYS = 400
