"""Rasa's custom actions: each asks bot/ and says the names of responses. Thin; one a file.

Run by rasa-sdk from the app environment. An action that cannot do its whole work raises: Rasa then answers the gateway
with an error, and nobody gets half an answer.
"""
