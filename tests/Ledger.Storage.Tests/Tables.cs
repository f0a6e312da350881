using System.Text;

namespace Ledger.Storage.Tests;

/// <summary>Damage to one column family's files, where RocksDB's own checksums will find it.</summary>
internal static class Tables
{
    /// <summary>Flips a bit in the first block of data of every table of a family.</summary>
    public static void FlipFirstBlock(string database, string family)
    {
        var flipped = 0;
        foreach (var table in Directory.GetFiles(database, "*.sst"))
        {
            var bytes = File.ReadAllBytes(table);
            if (IsOf(bytes, family))
            {
                bytes[3] ^= 1;
                File.WriteAllBytes(table, bytes);
                flipped++;
            }
        }

        Assert.True(flipped > 0, $"no table of '{family}' is on the disk");
    }

    /// <summary>
    /// A table ends in its properties, which name its family: "name" and the name, and then a binary length.
    /// </summary>
    private static bool IsOf(byte[] table, string family)
    {
        var name = Encoding.ASCII.GetBytes($"name{family}");
        var at = table.AsSpan().LastIndexOf(name);
        return at >= 0 && table[at + name.Length] is not (>= (byte)'a' and <= (byte)'z' or (byte)'_');
    }
}
