"""What approvers, authors and connected programs are told about approvals: e-mail to users, signed webhooks."""
