using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// A header and the transactions it commits to. A block is identified by its header's hash; whether the body
/// fits the header is for <see cref="BlockCodec"/> to check when it decodes one.
/// </summary>
public sealed class Block
{
    public Block(BlockHeader header, IReadOnlyList<Transaction> transactions)
    {
        Header = header;
        Transactions = transactions;
        Hash = header.ComputeHash();
        Encoded = Canonical.Encode(this, BlockCodec.Write);
    }

    internal Block(BlockHeader header, IReadOnlyList<Transaction> transactions, ReadOnlyMemory<byte> encoded)
    {
        Header = header;
        Transactions = transactions;
        Hash = header.ComputeHash();
        Encoded = encoded;
    }

    public BlockHeader Header { get; }

    public IReadOnlyList<Transaction> Transactions { get; }

    public Digest Hash { get; }

    public Height Height => Header.Height;

    public Digest Parent => Header.Parent;

    /// <summary>The canonical encoding: encoded once, stored and sent as it is.</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    /// <summary>
    /// The same block to whoever asks for its header, hash and length alone, as consensus does: its body is
    /// elsewhere.
    /// </summary>
    public static Block Outline(BlockHeader header, int encodedBytes)
        => new(header, [], new byte[encodedBytes]);

    public override string ToString() => $"h{Height} {Hash.ToShortString()}";
}
