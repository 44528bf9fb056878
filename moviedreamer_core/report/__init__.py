"""What a film is told with: contact sheet, HTML page, plot of its continuity, and words about its plan and its run."""
