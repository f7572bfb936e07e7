"""The recipes that wire the rooms, each in plain sight."""
