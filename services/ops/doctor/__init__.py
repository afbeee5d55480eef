"""`doctor`: looks at a deployment and says what is wrong, what that means and what to do. Changes nothing."""
