using Ledger.Core;

namespace Ledger.Storage;

/// <summary>
/// From which heights on a store has what. All are 0 in an archive; a store that began with a snapshot has no
/// header below its history, and a pruned one has let bodies go.
/// </summary>
/// <param name="Headers">The lowest header.</param>
/// <param name="Receipts">The lowest block whose receipts are there and whose transactions are found by their
/// hashes.</param>
/// <param name="Blocks">The lowest block whose body is there.</param>
public sealed record KeptHeights(Height Headers, Height Receipts, Height Blocks)
{
    public static KeptHeights All { get; } = new(Height.Genesis, Height.Genesis, Height.Genesis);

    internal static ReadOnlySpan<byte> Key => "kept"u8;

    internal byte[] Encode() => [.. Keys.Of(Headers), .. Keys.Of(Receipts), .. Keys.Of(Blocks)];

    internal static KeptHeights? Decode(ReadOnlySpan<byte> value)
        => value.Length == 3 * Keys.HeightBytes
            ? new(
                Keys.ReadHeight(value), Keys.ReadHeight(value[Keys.HeightBytes..]),
                Keys.ReadHeight(value[(2 * Keys.HeightBytes)..]))
            : null;
}
