using System.Text;
using System.Text.Json.Nodes;

namespace Ledger.Core.Tests.Proofs;

/// <summary>Forgeries of what the validators of genesis have certified.</summary>
public sealed class ForgeryTests(ITestOutputHelper output)
    : Forgeries(Samples, output)
{
    private static readonly SampleProofs Samples = SampleProofs.OfGenesisValidators(isLarge: IsThorough);
}

/// <summary>Forgeries of what others have certified, and of how they came to be validators.</summary>
public sealed class ChangedForgeryTests(ITestOutputHelper output)
    : Forgeries(Samples, output)
{
    private static readonly SampleProofs Samples = SampleProofs.AcrossChanges();
}

/// <summary>
/// No forgery passes. Every byte of every kind of proof is changed, every member and item taken away, doubled
/// and moved; both verifiers must refuse, and agree.
/// </summary>
public abstract class Forgeries : IDisposable
{
    /// <summary>
    /// LEDGER_FORGERIES=all looks at every byte of every file with both verifiers, which takes some minutes;
    /// LEDGER_FORGERIES=3/12 at every byte of every twelfth file, from the third one on.
    /// </summary>
    private static readonly (int Part, int Of)? Thorough = PartOf(
        Environment.GetEnvironmentVariable("LEDGER_FORGERIES"));

    private readonly SampleProofs _samples;
    private readonly SecondVerifier? _second;
    private readonly ITestOutputHelper _output;

    private protected Forgeries(SampleProofs samples, ITestOutputHelper output)
    {
        _samples = samples;
        _output = output;
        _second = SecondVerifier.Start(samples.Chain.Genesis);
    }

    private protected static bool IsThorough => Thorough is not null;

    public void Dispose()
    {
        _second?.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Every_sample_convinces_both_verifiers_in_both_forms()
    {
        var files = _samples.All.SelectMany(BothForms).ToList();
        AssertVerdicts(files, isValid: true);
        foreach (var file in files)
        {
            Assert.True(ProofFile.TryDecode(file, out var proof, out _));
            Assert.Contains(file, BothForms(proof), new SameBytes());
        }
    }

    [Fact]
    public void No_byte_can_be_changed()
    {
        var chance = new Random(4);
        long count = 0;
        var files = Ours(_samples.All.SelectMany(BothForms)).ToList();
        foreach (var file in files)
        {
            List<byte[]> forged = [];
            for (var i = 0; i < file.Length; i++)
            {
                // One bit: two would also turn one white space of JSON into another, which changes nothing.
                if (IsThorough || chance.Next(8) == 0)
                {
                    byte[] bytes = [.. file];
                    bytes[i] ^= (byte)(1 << chance.Next(8));
                    forged.Add(bytes);
                }
            }

            AssertVerdicts(forged, isValid: false);
            count += forged.Count;
        }

        _output.WriteLine($"{count} forgeries of {files.Count} files, second verifier "
            + $"{(_second is null ? "absent" : "present")}");
    }

    [Fact]
    public void A_file_cut_short_or_with_something_behind_it_is_refused()
    {
        foreach (
            var file in Ours(_samples.All.SelectMany(BothForms).Where((_, i) => IsThorough || i % 9 < 2)))
        {
            // A JSON file without its last line break is whole.
            var cuts = Enumerable.Range(0, file.Length - 1).Where(length => IsThorough || length % 11 == 0);
            AssertVerdicts(
                [.. cuts.Select(length => file[..length]), [.. file, 0], [.. file, .. file]], isValid: false);
        }
    }

    [Fact]
    public void No_member_or_item_can_be_missing_doubled_renamed_or_moved()
    {
        List<string> forged = [];
        foreach (var proof in Ours(_samples.All.Where((_, i) => IsThorough || i % 5 == 0)))
        {
            var text = Encoding.UTF8.GetString(ProofFile.EncodeJson(proof));
            var count = Nodes(JsonNode.Parse(text)!).Count();
            for (var place = 0; place < count; place++)
            {
                forged.AddRange(EditsAt(text, place));
            }

            forged.Add(text.Replace("\"hash\"", "\"hash\": null, \"hash\"", StringComparison.Ordinal) + " ");
        }

        var originals = _samples.All.Select(proof => Compact(ProofFile.EncodeJson(proof))).ToHashSet();
        AssertVerdicts(
            [.. forged.Where(text => !originals.Contains(Compact(Encoding.UTF8.GetBytes(text))))
                .Select(Encoding.UTF8.GetBytes)],
            isValid: false);
    }

    [Theory]
    [InlineData("\"genesis\": ", "\"genesis\": \"\", \"genesis\": ")]
    [InlineData("\"format\": \"ledger/", "\"format\": \"ledger\\/")]
    [InlineData("\"format\"", "\"\\u0066ormat\"")]
    [InlineData("\"view\": 7", "\"view\": 7.0")]
    [InlineData("\"view\": 7", "\"view\": 7e0")]
    [InlineData("\"view\": 7", "\"view\": 07")]
    [InlineData("\"view\": 7", "\"view\": \"7\"")]
    [InlineData("\"view\": 7", "\"view\": 9007199254740992")]
    [InlineData("\"view\": 7", "\"view\": -7")]
    [InlineData("\"failedOperation\": 0", "\"failedOperation\": -0")]
    [InlineData("\"path\": []", "\"path\": null")]
    [InlineData("\"path\": []", "\"path\": [,]")]
    [InlineData("\"path\": []", "\"path\": {}")]
    [InlineData("{", "// a comment\n{")]
    [InlineData("{", "\ufeff{")]
    public void Another_text_of_the_same_values_is_refused(string of, string by)
    {
        var text = Encoding.UTF8.GetString(ProofFile.EncodeJson(_samples.All[0]));
        var at = text.IndexOf(of, StringComparison.Ordinal);
        AssertVerdicts([Encoding.UTF8.GetBytes(text[..at] + by + text[(at + of.Length)..])], isValid: false);
    }

    [Fact]
    public void White_space_is_free()
    {
        var text = Encoding.UTF8.GetString(ProofFile.EncodeJson(_samples.All[0]));
        AssertVerdicts(
            [
                Encoding.UTF8.GetBytes(Compact(Encoding.UTF8.GetBytes(text))),
                Encoding.UTF8.GetBytes("\r\n " + text.Replace("\n", "\r\n\t", StringComparison.Ordinal)),
            ],
            isValid: true);
    }

    private static (int Part, int Of)? PartOf(string? wish)
    {
        if (wish == "all")
        {
            return (0, 1);
        }

        return wish?.Split('/') is [var part, var of] && int.TryParse(part, out var p)
            && int.TryParse(of, out var n) && p > 0
            ? (p - 1, n)
            : null;
    }

    /// <summary>Those that are looked at in this run.</summary>
    private static IEnumerable<T> Ours<T>(IEnumerable<T> all)
        => Thorough is var (part, of) ? all.Where((_, i) => i % of == part) : all;

    private static IEnumerable<byte[]> BothForms(Proof proof)
        => [ProofFile.EncodeMessagePack(proof), ProofFile.EncodeJson(proof)];

    private void AssertVerdicts(List<byte[]> files, bool isValid)
    {
        var expected = new bool[files.Count];
        for (var i = 0; i < files.Count; i++)
        {
            var fault = ProofFile.TryDecode(files[i], out var proof, out var malformed)
                ? ProofVerifier.Verify(proof, _samples.Chain.Genesis).Fault
                : malformed;
            expected[i] = isValid || (fault is null && SaysWhatIsTrueOfAnotherKey(proof!));
            Assert.True(
                expected[i] == fault is null, $"{fault ?? "It passes"}: {Encoding.UTF8.GetString(files[i])}");
        }

        var verdicts = _second?.Verify(files) ?? [];
        for (var i = 0; i < verdicts.Count; i++)
        {
            Assert.True(
                expected[i] == verdicts[i].StartsWith("ok", StringComparison.Ordinal),
                $"{verdicts[i]}: {Encoding.UTF8.GetString(files[i])}");
        }
    }

    /// <summary>
    /// What shows that one key is absent shows it of every other key that would stand in the same empty
    /// place: with the key changed it is no forgery but another proof, and must be true.
    /// </summary>
    private bool SaysWhatIsTrueOfAnotherKey(Proof proof) => proof switch
    {
        KeyProof { Value: null } key => _samples.Chain.Store.ReadState(key.Key) is null,
        PrefixProof prefix => prefix.Entries.Select(entry => Convert.ToHexString(entry.Key)).SequenceEqual(
            _samples.Chain.Store.Range(prefix.Prefix).Select(entry => Convert.ToHexString(entry.Key))),
        _ => false,
    };

    /// <summary>
    /// All that can be done to one object or list: take away, double, swap with the next, rename.
    /// </summary>
    private static IEnumerable<string> EditsAt(string text, int place)
    {
        JsonNode Copy(out JsonNode node)
        {
            var root = JsonNode.Parse(text)!;
            node = Nodes(root).ElementAt(place);
            return root;
        }

        Copy(out var original);
        if (original is JsonArray { Count: > 0 } list)
        {
            for (var i = 0; i < Math.Min(list.Count, 20); i++)
            {
                var root = Copy(out var node);
                node.AsArray().RemoveAt(i);
                yield return root.ToJsonString();

                root = Copy(out node);
                node.AsArray().Insert(i, node[i]!.DeepClone());
                yield return root.ToJsonString();

                root = Copy(out node);
                var moved = node[i]!.DeepClone();
                node.AsArray().RemoveAt(i);
                node.AsArray().Insert((i + 1) % list.Count, moved);
                yield return root.ToJsonString();
            }
        }
        else if (original is JsonObject members)
        {
            foreach (var name in members.Select(member => member.Key))
            {
                var root = Copy(out var node);
                node.AsObject().Remove(name);
                yield return root.ToJsonString();

                root = Copy(out node);
                var moved = node[name]?.DeepClone();
                node.AsObject().Remove(name);
                node.AsObject().Add(name + "2", moved);
                yield return root.ToJsonString();
            }

            var wider = Copy(out var last);
            last.AsObject().Add("more", 1);
            yield return wider.ToJsonString();
        }
    }

    /// <summary>Every object and list of a document, itself first.</summary>
    private static IEnumerable<JsonNode> Nodes(JsonNode node)
        => node switch
        {
            JsonObject members
                => members.Where(m => m.Value is not null).SelectMany(m => Nodes(m.Value!)).Prepend(node),
            JsonArray items => items.SelectMany(item => Nodes(item!)).Prepend(node),
            _ => [],
        };

    private static string Compact(byte[] json) => JsonNode.Parse(json) is { } node ? node.ToJsonString() : "";

    private sealed class SameBytes : IEqualityComparer<byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => obj.Length;
    }
}
