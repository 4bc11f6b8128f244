"""The demo's own small page: its members, sessions and their timelines, with buttons for what may befall them."""
