using System.Text;
using Ledger.Crypto;

namespace Ledger.Storage;

/// <summary>Which chain a store is of; written with its first batch and compared at every open.</summary>
internal sealed record StoreIdentity(Digest GenesisHash, string ChainId)
{
    private const byte FormatVersion = 1;

    public byte[] Encode() => [FormatVersion, .. Keys.Of(GenesisHash), .. Encoding.UTF8.GetBytes(ChainId)];

    public static StoreIdentity? Decode(ReadOnlySpan<byte> value)
        => value.Length > 1 + Digest.Size && value[0] == FormatVersion
            ? new(new(value.Slice(1, Digest.Size)), Encoding.UTF8.GetString(value[(1 + Digest.Size)..]))
            : null;
}
