namespace Ledger.Storage;

/// <summary>
/// The data folder cannot be used as it was configured: foreign, of another chain, newer, in use, not
/// writable, full. An operator mends it (exit 78); the message says what was found, what was expected and
/// what to do.
/// </summary>
public sealed class DataFolderException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>
/// What is on the disk is not what was written there. The node refuses to start on it, since a guess could
/// make it vote twice or serve a state that no block made; the message says which part, and how to mend it.
/// </summary>
public sealed class DamagedDataException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>
/// A write or a sync failed, so nobody knows what the disk holds. Never retried: the node must stop and start
/// again from what can be read back.
/// </summary>
public sealed class StorageFailedException(string message, Exception? cause = null)
    : Exception(message, cause);
