"""All writes of the customers part."""

from shounuo.customers.services.companies import company_change, company_create
from shounuo.customers.services.finding import customer_find_or_create
from shounuo.customers.services.merging import customers_merge, merge_undo
from shounuo.customers.services.persons import (
    contact_add,
    contact_remove,
    contact_verify,
    customer_change,
    reveal,
)
from shounuo.customers.services.privacy import customer_erase, customer_export

__all__ = [
    "company_change",
    "company_create",
    "contact_add",
    "contact_remove",
    "contact_verify",
    "customer_change",
    "customer_erase",
    "customer_export",
    "customer_find_or_create",
    "customers_merge",
    "merge_undo",
    "reveal",
]
