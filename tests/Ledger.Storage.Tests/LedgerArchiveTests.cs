using Ledger.Storage.Tests.Snapshots;

namespace Ledger.Storage.Tests;

/// <summary>
/// What an auditor reads with: the end of what can be read is never taken for the end of what there is.
/// </summary>
public sealed class LedgerArchiveTests : IDisposable
{
    private const int Blocks = 60;

    private readonly SnapshotChain _chain = new();
    private readonly string _root;

    public LedgerArchiveTests()
    {
        for (var i = 0; i < Blocks; i++)
        {
            _chain.Grow(
                [.. Enumerable.Range(0, 4).Select(key => _chain.Put("small", $"{i} {key}", [1, 2, 3]))]);
        }

        _root = _chain.Folder.Root;
        _chain.Store.Dispose();

        // Opened again, all of it goes from the log into tables.
        LedgerStore.Open(_root, _chain.Genesis.Hash, _chain.Genesis.ChainId, StorageOptions.Default)
            .Dispose();
        _chain.Folder.Dispose();
    }

    public void Dispose() => _chain.Dispose();

    [Theory]
    [InlineData(RecordFamily.Headers, Blocks + 1)]
    [InlineData(RecordFamily.Certificates, Blocks)]
    [InlineData(RecordFamily.Transactions, 4 * Blocks)]
    public void A_whole_family_is_read_to_its_end(RecordFamily family, int count)
    {
        using var archive = LedgerArchive.Open(_root, _chain.Genesis);

        Assert.Equal(count, archive.ReadAll(family).Count());
        Assert.Equal(archive.ReadAll(family).Select(record => record.Key), archive.ReadKeys(family));
    }

    [Theory]
    [InlineData(RecordFamily.Headers, "headers")]
    [InlineData(RecordFamily.Certificates, "certificates")]
    [InlineData(RecordFamily.Receipts, "receipts")]
    [InlineData(RecordFamily.Transactions, "transactions")]
    [InlineData(RecordFamily.State, "state")]
    [InlineData(RecordFamily.History, "history")]
    public void Records_that_cannot_be_read_are_damage_and_not_the_end(RecordFamily family, string name)
    {
        using var archive = LedgerArchive.Open(_root, _chain.Genesis);
        Tables.FlipFirstBlock(Path.Combine(_root, "ledger"), name);

        Assert.Contains(
            $"'{name}'", Assert.Throws<DamagedDataException>(() => archive.ReadAll(family).Count()).Message,
            StringComparison.Ordinal);
        Assert.Throws<DamagedDataException>(() => archive.ReadKeys(family).Count());
    }

    [Fact]
    public void A_data_folder_without_a_ledger_is_not_called_damaged()
    {
        using TemporaryFolder folder = new();
        DataFolder.Open(folder.Path, _chain.Genesis.ChainId, _chain.Genesis.Hash).Dispose();

        var failure = Assert.Throws<DataFolderException>(
            () => LedgerArchive.Open(folder.Path, _chain.Genesis));

        Assert.Contains("holds no ledger", failure.Message, StringComparison.Ordinal);
    }
}
