using Ledger.Cli.Shell;
using Ledger.Crypto;

namespace Ledger.Cli.Tests;

public sealed class KeysCommandTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TemporaryFolder _folder = new();

    private static Dictionary<string, string> Knowing(string passphrase) => new()
    {
        ["LEDGER_PASSPHRASE"] = passphrase,
    };

    private string Key => _folder.Sub("alice.key.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_new_key_is_only_its_owners_and_shows_the_address_that_was_told()
    {
        var made = await Tool.RunAsync("keys", "new", "--out", Key, "--json");
        var shown = await Tool.RunAsync("keys", "show", Key, "--json");
        var words = await Tool.RunAsync("keys", "show", Key);

        Assert.Equal((ExitCode.Done, ExitCode.Done), (made.Exit, shown.Exit));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Key));
        Assert.Equal(made.Output, shown.Output);
        Assert.True(PublicKey.TryParse(made.Json["address"]!.GetValue<string>(), out var address));
        Assert.False(made.Json["encrypted"]!.GetValue<bool>());
        Assert.Contains($"address    {address}\n", words.Output, StringComparison.Ordinal);
        using var key = KeyFile.Load(Key, null);
        Assert.Equal(address, key.PublicKey);
        AssertSilentAboutSecret(key, made, shown, words);
    }

    [Fact]
    public async Task A_key_is_never_overwritten()
    {
        await Tool.RunAsync("keys", "new", "--out", Key);
        var before = await File.ReadAllBytesAsync(Key, TestContext.Current.CancellationToken);

        Tool.AssertRefused(
            await Tool.RunAsync("keys", "new", "--out", Key), ExitCode.Failed,
            "exists already, and a key is never overwritten; choose another name");

        Assert.Equal(before, await File.ReadAllBytesAsync(Key, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_key_is_sealed_and_opened_with_its_passphrase_alone()
    {
        await Tool.RunAsync("keys", "new", "--out", Key);
        using var key = KeyFile.Load(Key, null);

        var sealing = await Tool.RunWithAsync(Knowing("secret words"), "keys", "encrypt", Key, "--json");
        Assert.True(sealing.Json["encrypted"]!.GetValue<bool>());
        Assert.True(KeyFile.Describe(Key).IsSealed);
        var wrong = await Tool.RunWithAsync(Knowing("other words"), "keys", "decrypt", Key);
        Tool.AssertRefused(wrong, ExitCode.Failed, "does not open");
        var without = await Tool.RunAsync("keys", "decrypt", Key);
        Tool.AssertRefused(without, ExitCode.Failed, "a passphrase is needed");

        var opening = await Tool.RunWithAsync(Knowing("secret words"), "keys", "decrypt", Key, "--json");
        Assert.False(opening.Json["encrypted"]!.GetValue<bool>());
        using var again = KeyFile.Load(Key, null);
        Assert.Equal(key.PublicKey, again.PublicKey);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Key));
        AssertSilentAboutSecret(key, sealing, wrong, without, opening);
    }

    [Fact]
    public async Task A_key_may_be_sealed_from_the_first_moment()
    {
        var made = await Tool.RunWithAsync(Knowing("secret"), "keys", "new", "--out", Key, "--encrypt");

        Assert.Contains("encrypted  yes\n", made.Output, StringComparison.Ordinal);
        Assert.True(KeyFile.Describe(Key).IsSealed);
        Tool.AssertRefused(
            await Tool.RunAsync("keys", "new", "--out", _folder.Sub("b"), "--encrypt"),
            ExitCode.Failed, "LEDGER_PASSPHRASE");
        Assert.False(File.Exists(_folder.Sub("b")));
    }

    [Fact]
    public async Task A_key_that_others_may_read_is_refused_and_the_words_mend_it()
    {
        await Tool.RunAsync("keys", "new", "--out", Key);
        File.SetUnixFileMode(Key, OwnerOnly | UnixFileMode.GroupRead);

        Tool.AssertRefused(await Tool.RunAsync("keys", "show", Key), ExitCode.Failed, $"chmod 600 {Key}");
    }

    [Fact]
    public async Task A_file_that_is_no_key_is_named()
    {
        File.SetUnixFileMode(_folder.Write("alice.key.json", "{}"), OwnerOnly);

        Tool.AssertRefused(await Tool.RunAsync("keys", "show", Key), ExitCode.Failed, "is not a key file");
    }

    private static void AssertSilentAboutSecret(SigningKey key, params Said[] all)
        => Assert.All(all, said => Assert.DoesNotContain(
            Convert.ToHexStringLower(key.ExportSeed()), said.Output
                + said.Error, StringComparison.OrdinalIgnoreCase));
}
