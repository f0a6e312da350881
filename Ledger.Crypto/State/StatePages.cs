namespace Ledger.Crypto;

/// <summary>Where a state tree's pages are read from: the last final state.</summary>
public interface IStatePageStore
{
    bool TryRead(ReadOnlySpan<byte> pageKey, out byte[] page);
}

/// <summary>A page's new bytes, or its removal when null.</summary>
public readonly record struct PageWrite(byte[] Key, byte[]? Bytes);

/// <summary>One key's change, seen by the tree.</summary>
/// <param name="Path">SHA-256 of the key.</param>
/// <param name="Value">Digest of its value, or null when the key is removed.</param>
public readonly record struct StateChange(Digest Path, Digest? Value);
