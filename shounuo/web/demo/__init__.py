"""The demo department: invented people and farms, 90 days of service, built through the services."""
