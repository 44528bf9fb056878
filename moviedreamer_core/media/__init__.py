"""Sound, pictures and video as files: clips, timeline, MP4, subtitles. It knows nothing of how a film is made."""
