console.log('Usage: tether <command> [options]');
