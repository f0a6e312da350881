using System.Text.Json.Nodes;

namespace Ledger.Crypto.Tests;

/// <summary>A key on disk: closed to others, whole or refused, and never spoken of.</summary>
public sealed class KeyFileTests : IDisposable
{
    private const string Passphrase = "correct horse battery staple";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TemporaryFolder _folder = new();
    private readonly SigningKey _key = SigningKey.Generate();

    private string Path => _folder.Sub("alice.key.json");

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(null)]
    [InlineData(Passphrase)]
    [InlineData("")]
    [InlineData("pässwörter ≠ passwords")]
    public void A_key_comes_back_as_it_went(string? passphrase)
    {
        KeyFile.Create(Path, _key, passphrase);

        using var back = KeyFile.Load(Path, passphrase);

        Assert.Equal(_key.ExportSeed(), back.ExportSeed());
        Assert.Equal((_key.PublicKey, passphrase is not null), KeyFile.Describe(Path));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path));
    }

    [Fact]
    public void An_existing_key_is_never_overwritten()
    {
        KeyFile.Create(Path, _key, null);
        var before = File.ReadAllBytes(Path);
        using var other = SigningKey.Generate();

        var refused = Assert.Throws<KeyFileException>(() => KeyFile.Create(Path, other, null));

        Assert.Contains("exists already", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(Path));
        Assert.Equal([Path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_key_is_sealed_and_opened_again_in_place()
    {
        KeyFile.Create(Path, _key, null);
        KeyFile.Replace(Path, _key, Passphrase);
        Assert.True(KeyFile.Describe(Path).IsSealed);
        Assert.DoesNotContain(Secret(), File.ReadAllText(Path), StringComparison.OrdinalIgnoreCase);
        Assert.Throws<KeyFileException>(() => KeyFile.Load(Path, null));

        using var opened = KeyFile.Load(Path, Passphrase);
        KeyFile.Replace(Path, opened, null);

        using var plain = KeyFile.Load(Path, null);
        Assert.Equal(_key.PublicKey, plain.PublicKey);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path));
        Assert.Equal([Path], Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherExecute)]
    public void A_file_that_is_open_to_others_is_refused_and_the_message_mends_it(UnixFileMode open)
    {
        KeyFile.Create(Path, _key, null);
        File.SetUnixFileMode(Path, OwnerOnly | open);

        var refused = Assert.Throws<KeyFileException>(() => KeyFile.Load(Path, null));

        Assert.Contains($"chmod 600 {Path}", refused.Message, StringComparison.Ordinal);
        Assert.Throws<KeyFileException>(() => KeyFile.Describe(Path));
    }

    [Theory]
    [InlineData("wrong")]
    [InlineData("")]
    [InlineData("Correct horse battery staple")]
    [InlineData("correct horse battery staple ")]
    [InlineData(null)]
    public void Only_the_passphrase_opens_it_and_it_is_not_repeated(string? passphrase)
    {
        KeyFile.Create(Path, _key, Passphrase);

        var refused = Assert.Throws<KeyFileException>(() => KeyFile.Load(Path, passphrase));

        Assert.Contains("passphrase", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("orse battery", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>RFC 9106 asks for 64 MiB and 3 passes where 2 GiB are too much.</summary>
    [Fact]
    public void It_is_sealed_as_RFC_9106_recommends_with_a_salt_and_nonce_of_its_own()
    {
        KeyFile.Create(Path, _key, Passphrase);
        KeyFile.Create(_folder.Sub("again.json"), _key, Passphrase);
        var first = Sealed(Path);
        var second = Sealed(_folder.Sub("again.json"));

        Assert.Equal("argon2id", first["kdf"]!.GetValue<string>());
        Assert.Equal(65_536, first["memoryKiB"]!.GetValue<int>());
        Assert.Equal(3, first["passes"]!.GetValue<int>());
        Assert.Equal("xchacha20-poly1305", first["cipher"]!.GetValue<string>());
        Assert.Equal(32, first["salt"]!.GetValue<string>().Length);
        Assert.Equal(48, first["nonce"]!.GetValue<string>().Length);
        Assert.All(
            ["salt", "nonce", "ciphertext"],
            name => Assert.NotEqual(first[name]!.GetValue<string>(), second[name]!.GetValue<string>()));
    }

    /// <summary>The file chooses how much work opening it is: it may not choose all of the machine.</summary>
    [Theory]
    [InlineData("memoryKiB", 1_048_577)]
    [InlineData("memoryKiB", 8191)]
    [InlineData("memoryKiB", -1)]
    [InlineData("memoryKiB", long.MaxValue)]
    [InlineData("passes", 0)]
    [InlineData("passes", 101)]
    public void Parameters_out_of_bounds_are_refused_before_any_work(string name, long value)
        => AssertRefused(Changed(box => box[name] = value), "is not a key file");

    [Theory]
    [InlineData("kdf", "argon2i")]
    [InlineData("kdf", null)]
    [InlineData("cipher", "aes-256-gcm")]
    [InlineData("salt", "00")]
    [InlineData("nonce", "")]
    [InlineData("nonce", null)]
    [InlineData("ciphertext", "00")]
    public void A_box_of_another_kind_is_refused(string name, string? value)
        => AssertRefused(Changed(box => box[name] = value));

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        KeyFile.Create(Path, _key, null);
        var whole = File.ReadAllBytes(Path);
        for (var length = 0; length < whole.AsSpan().TrimEnd("\n}"u8).Length + 1; length++)
        {
            AssertRefused(whole[..length]);
        }
    }

    [Fact]
    public void A_seed_with_any_digit_changed_is_refused()
    {
        KeyFile.Create(Path, _key, null);
        var text = File.ReadAllText(Path);
        var seed = text.IndexOf(Secret(), StringComparison.Ordinal);
        for (var i = seed; i < seed + 64; i++)
        {
            AssertRefused([.. System.Text.Encoding.UTF8.GetBytes(WithOtherDigit(text, i))]);
        }
    }

    [Theory]
    [InlineData("salt")]
    [InlineData("nonce")]
    [InlineData("ciphertext")]
    public void A_sealed_seed_with_a_digit_changed_does_not_open(string name)
    {
        var changed = Changed(box => box[name] = WithOtherDigit(box[name]!.GetValue<string>(), 5));

        AssertRefused(changed);
    }

    [Fact]
    public void Changed_parameters_do_not_open_it() => AssertRefused(Changed(box => box["passes"] = 2));

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"version":1,"type":"ed25519","publicKey":"00"}""")]
    [InlineData("""{"version":2,"type":"ed25519","publicKey":"00","seed":"00"}""")]
    [InlineData("""{"version":1,"type":"rsa","publicKey":"00","seed":"00"}""")]
    [InlineData("""{"version":1,"type":"ed25519","publicKey":null,"seed":"00"}""")]
    [InlineData("""{"version":1,"type":"ed25519","publicKey":"00","seed":"00","more":1}""")]
    public void Another_file_is_refused(string text)
    {
        AssertRefused(System.Text.Encoding.UTF8.GetBytes(text));
        Assert.Throws<KeyFileException>(() => KeyFile.Describe(Path));
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        var refused = Assert.Throws<KeyFileException>(() => KeyFile.Load(Path, null));

        Assert.Contains(Path, refused.Message, StringComparison.Ordinal);
        Assert.Contains("ledger keys new", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_not_there_is_named()
    {
        var path = _folder.Sub("missing/alice.key.json");

        var refused = Assert.Throws<KeyFileException>(() => KeyFile.Create(path, _key, null));

        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_does_not_print_itself()
    {
        Assert.DoesNotContain(Secret(), _key.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Secret(), _key.PublicKey.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whatever is wrong: a refusal that names the file and never the secret.</summary>
    private void AssertRefused(byte[] content, string reason = "")
    {
        File.WriteAllBytes(Path, content);
        File.SetUnixFileMode(Path, OwnerOnly);

        var refused = Assert.Throws<KeyFileException>(() => KeyFile.Load(Path, Passphrase).Dispose());

        Assert.Contains(Path, refused.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret(), refused.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    private byte[] Changed(Action<JsonNode> change)
    {
        KeyFile.Create(Path, _key, Passphrase);
        var document = JsonNode.Parse(File.ReadAllText(Path))!;
        change(document["sealed"]!);
        return System.Text.Encoding.UTF8.GetBytes(document.ToJsonString());
    }

    private static JsonNode Sealed(string path) => JsonNode.Parse(File.ReadAllText(path))!["sealed"]!;

    private static string WithOtherDigit(string text, int at)
        => $"{text[..at]}{(text[at] == '0' ? '1' : '0')}{text[(at + 1)..]}";

    private string Secret() => Convert.ToHexStringLower(_key.ExportSeed());
}
