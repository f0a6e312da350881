namespace Ledger.Storage.Tests;

public sealed class DataFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_is_held_by_whoever_has_it_open_and_by_nobody_afterwards()
    {
        Assert.False(DataFolder.IsHeld(_folder.Path));
        using (DataFolder.Open(_folder.Path, Sample.ChainId, Sample.Genesis))
        {
            Assert.True(DataFolder.IsHeld(_folder.Path));
        }

        Assert.False(DataFolder.IsHeld(_folder.Path));
        DataFolder.Open(_folder.Path, Sample.ChainId, Sample.Genesis).Dispose();
    }

    private string Data => _folder.Sub("data");

    [Fact]
    public void A_missing_folder_is_made_and_opens_again()
    {
        Open().Dispose();
        Open().Dispose();

        Assert.True(File.Exists(Path.Combine(Data, "ledger.json")));
    }

    [Fact]
    public void The_root_of_a_fresh_file_system_counts_as_empty()
    {
        Directory.CreateDirectory(Path.Combine(Data, "lost+found"));

        Open().Dispose();
    }

    [Fact]
    public void A_folder_whose_making_was_cut_short_is_made_again()
    {
        Directory.CreateDirectory(Data);
        File.WriteAllText(Path.Combine(Data, "lock"), "");
        File.WriteAllText(Path.Combine(Data, "ledger.json.17.new"), "{");

        Open().Dispose();
    }

    [Fact]
    public void A_foreign_folder_is_refused_and_left_as_it_was()
    {
        Directory.CreateDirectory(Data);
        File.WriteAllText(Path.Combine(Data, "thesis.odt"), "");

        AssertRefused<DataFolderException>("not a ledger's", "thesis.odt", "name an empty folder");
        Assert.Single(Directory.GetFileSystemEntries(Data));
    }

    [Theory]
    [InlineData("ledger")]
    [InlineData("journal")]
    [InlineData("journal-of")]
    public void A_folder_that_lost_its_manifest_is_refused_as_damaged(string part)
    {
        Directory.CreateDirectory(Path.Combine(Data, part));

        AssertRefused<DamagedDataException>("no ledger.json", "restore that file");
    }

    [Fact]
    public void A_newer_format_is_refused()
    {
        Open().Dispose();
        Rewrite(text => text.Replace("\"format\": 1", "\"format\": 2", StringComparison.Ordinal));

        AssertRefused<DataFolderException>("format 2", "up to 1", "newer version");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"format\":1,\"chainId\":\"storage-tests\",\"genesisHash\":\"zz\"}")]
    [InlineData("{\"format\":0,\"chainId\":\"storage-tests\",\"genesisHash\":\"\"}")]
    public void An_unreadable_manifest_is_refused_as_damaged(string text)
    {
        Open().Dispose();
        Rewrite(_ => text);

        AssertRefused<DamagedDataException>("ledger.json cannot be read", "restore");
    }

    [Fact]
    public void Another_genesis_is_refused_and_both_are_named()
    {
        Open().Dispose();

        var refused = Assert.Throws<DataFolderException>(
            () => DataFolder.Open(Data, Sample.ChainId, Sample.DigestOf(2)));

        Assert.Contains(Sample.Genesis.ToString(), refused.Message, StringComparison.Ordinal);
        Assert.Contains(Sample.DigestOf(2).ToString(), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_chain_id_is_refused_and_both_are_named()
    {
        Open().Dispose();

        var refused = Assert.Throws<DataFolderException>(
            () => DataFolder.Open(Data, "other", Sample.Genesis));

        Assert.Contains(Sample.ChainId, refused.Message, StringComparison.Ordinal);
        Assert.Contains("other", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_opener_is_refused_until_the_first_has_left()
    {
        using (Open())
        {
            AssertRefused<DataFolderException>("in use by another process", Path.Combine(Data, "lock"));
        }

        Open().Dispose();
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_refused()
    {
        File.WriteAllText(_folder.Sub("file"), "");

        var refused = Assert.Throws<DataFolderException>(
            () => DataFolder.Open(Path.Combine(_folder.Sub("file"), "data"), Sample.ChainId, Sample.Genesis));

        Assert.Contains("cannot be made or written", refused.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.Sub("file"), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_in_the_folders_place_is_refused()
    {
        File.WriteAllText(Data, "");

        AssertRefused<DataFolderException>("cannot be made or written");
    }

    private DataFolder Open() => DataFolder.Open(Data, Sample.ChainId, Sample.Genesis);

    private void Rewrite(Func<string, string> change)
    {
        var path = Path.Combine(Data, "ledger.json");
        File.WriteAllText(path, change(File.ReadAllText(path)));
    }

    private void AssertRefused<T>(params string[] words)
        where T : Exception
    {
        var refused = Assert.Throws<T>(Open);
        Assert.Contains(Data, refused.Message, StringComparison.Ordinal);
        foreach (var word in words)
        {
            Assert.Contains(word, refused.Message, StringComparison.Ordinal);
        }
    }
}
