namespace Ledger.Crypto;

/// <summary>Where a state tree's pages are read from: the last final state.</summary>
public interface IStatePageStore
{
    bool TryRead(ReadOnlySpan<byte> pageKey, out byte[] page);
}

/// <summary>A page's new bytes, or its removal when null.</summary>
public readonly record struct PageWrite(byte[] Key, byte[]? Bytes);
