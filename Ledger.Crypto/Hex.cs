using System.Buffers;

namespace Ledger.Crypto;

/// <summary>Hexadecimal text of known length, either case.</summary>
internal static class Hex
{
    public static bool TryDecode(string hex, Span<byte> target)
        => Convert.FromHexString(hex, target, out _, out var written) == OperationStatus.Done
        && written == target.Length;
}
