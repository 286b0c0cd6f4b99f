"""What is remembered: tables, repositories, migrations, the audit chain, the warehouse and the memory."""
