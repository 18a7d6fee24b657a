"""What `import mmuldor` changes in libraries; they are not loaded by it."""
