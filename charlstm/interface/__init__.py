"""The page: Gradio tabs over the library, one file a tab."""
