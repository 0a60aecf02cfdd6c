"""The rules of offers, requests, matching and activities. Nothing in here reads a clock, makes an id or does IO."""
