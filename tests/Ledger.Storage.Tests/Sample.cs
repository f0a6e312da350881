using System.Text;
using Ledger.Crypto;

namespace Ledger.Storage.Tests;

/// <summary>Values that tests tell apart by a number.</summary>
internal static class Sample
{
    public const string ChainId = "storage-tests";

    public static readonly Digest Genesis = DigestOf(1);

    public static readonly PublicKey Validator = KeyOf(1);

    public static Digest DigestOf(byte value) => new(Filled(Digest.Size, value));

    public static PublicKey KeyOf(byte value) => new(Filled(PublicKey.Size, value));

    public static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static IReadOnlyList<ReadOnlyMemory<byte>> Records(params string[] texts)
        => [.. texts.Select(Bytes)];

    public static string[] Texts(IEnumerable<byte[]> records) => [.. records.Select(Encoding.UTF8.GetString)];

    private static byte[] Filled(int length, byte value)
    {
        var bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }
}
