"""Server-drawn charts: plain values in, geometry out; `templates/components/` turns geometry into SVG."""
