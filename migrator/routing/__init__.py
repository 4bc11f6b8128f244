"""How traffic finds a session: routes in a member's configurable-http-proxy."""
