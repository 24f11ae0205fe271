"""What a newcomer sees first: an organisation that watches Pulse itself and a target that fails on purpose."""
