"""What is decided without a database: how a sample is drawn, who may judge and verify."""
