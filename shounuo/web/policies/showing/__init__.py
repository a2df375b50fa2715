"""What the templates of the policy pages take, made from policies, clocks and cases."""
