"""守诺 Shounuo: a customer-service platform in which the service regulation itself runs."""

__version__ = "0.1.0"
