using Ledger.Core;
using Ledger.Crypto;
using RocksDbSharp;

namespace Ledger.Storage;

/// <summary>
/// Takes the places of many transactions into a ledger that nobody reads yet. Their keys have no order:
/// sorted, and written as one finished table, they cost a fraction of what they cost row by row. On the disk
/// when it returns.
/// </summary>
internal sealed class PlaceTables(Families families)
{
    private readonly string _folder = Path.Combine(families.Database.Path, "tables");
    private int _written;

    public void TakeIn((Digest Transaction, Height Height, int Index)[] places)
    {
        Array.Sort(places);

        // What a crash has left under this name is written over.
        var path = Path.Combine(Directory.CreateDirectory(_folder).FullName, $"{_written++}.sst");
        using (SstFileWriter table = new(new EnvOptions(), families.TransactionOptions()))
        {
            table.Open(path);
            var key = new byte[Digest.Size];
            for (var i = 0; i < places.Length; i++)
            {
                var (transaction, height, index) = places[i];
                if (i + 1 < places.Length && places[i + 1].Transaction == transaction)
                {
                    // The later one stands, as in a ledger that executed both.
                    continue;
                }

                transaction.CopyTo(key);
                table.Add(key, TransactionPlace.Encode(height, index));
            }

            table.Finish();
        }

        families.Database.IngestExternalFiles(
            [path], new IngestExternalFileOptions().SetMoveFiles(true), families.Transactions);
    }

    /// <summary>Removes what was written on the way.</summary>
    public void Remove()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}
