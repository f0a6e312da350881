using System.IO.Pipes;
using System.Text;
using Ledger.Cli.Shell;

namespace Ledger.Cli.Tests;

/// <summary>A file of operations is applied once, each line of it, whatever happens on the way.</summary>
public sealed class SubmitCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_second_run_applies_nothing_twice()
    {
        await using var node = await FakeNode.StartAsync();
        var file = _folder.Write("a.jsonl", Puts(1200));

        var first = await SubmitAsync(node, file);
        var second = await SubmitAsync(node, file);

        Assert.Equal((ExitCode.Done, 1200, 0), Totals(first));
        Assert.Equal((ExitCode.Done, 0, 1200), Totals(second));
        AssertAppliedOnce(node, 1200);
        Assert.Equal(3, node.Requests);
    }

    [Fact]
    public async Task A_bad_line_names_its_number_and_the_rest_goes_on()
    {
        await using var node = await FakeNode.StartAsync();
        var file = _folder.Write(
            "a.jsonl", Put(1) + "nonsense\n\n" + """{"op":"put","key":"k"}""" + "\n" + Put(5));

        var said = await SubmitAsync(node, file);

        Assert.Equal((ExitCode.Failed, 2, 0), Totals(said));
        Assert.Equal(2, said.Json["badLines"]!.GetValue<int>());
        Assert.Equal("line 2: it is not JSON\nline 4: namespace is missing\n", said.Error);
        Assert.Equal(["k1", "k5"], node.Applications.Keys.Order());
    }

    /// <summary>The first reading would leave the second nothing: no line applied, and no fault.</summary>
    [Fact]
    public async Task What_can_be_read_only_once_is_refused()
    {
        await using var node = await FakeNode.StartAsync();
        using AnonymousPipeServerStream pipe = new(PipeDirection.Out);
        await pipe.WriteAsync(Encoding.UTF8.GetBytes(Puts(3)), TestContext.Current.CancellationToken);
        var path = $"/proc/self/fd/{pipe.ClientSafePipeHandle.DangerousGetHandle()}";

        Tool.AssertRefused(await SubmitAsync(node, path), ExitCode.Failed, "can be read only once");
    }

    [Fact]
    public async Task An_answer_that_is_lost_is_asked_for_again_and_changes_nothing()
    {
        await using var node = await FakeNode.StartAsync();
        node.BeforeAnswer = (number, context) =>
        {
            if (number == 1)
            {
                context.Abort();
            }

            return Task.CompletedTask;
        };

        var said = await SubmitAsync(node, _folder.Write("a.jsonl", Puts(10)));

        Assert.Equal((ExitCode.Done, 10, 0), Totals(said));
        AssertAppliedOnce(node, 10);
    }

    [Fact]
    public async Task A_run_that_gave_up_is_gone_on_with_by_the_next()
    {
        await using var node = await FakeNode.StartAsync();
        var file = _folder.Write("a.jsonl", Puts(10));
        node.BeforeAnswer = (_, context) => FakeNode.UntilGoneAsync(context);
        var gaveUp = await SubmitAsync(node, file, "--timeout", "1");
        node.BeforeAnswer = (_, _) => Task.CompletedTask;
        AssertAppliedOnce(node, 10);

        var second = await SubmitAsync(node, file);

        Tool.AssertRefused(gaveUp, ExitCode.TimedOut, "line 1 and others are not final");
        Assert.Equal((ExitCode.Done, 10, 0), Totals(second));
        AssertAppliedOnce(node, 10);
    }

    [Fact]
    public async Task What_failed_is_told_and_tried_anew_only_when_that_is_asked()
    {
        await using var node = await FakeNode.StartAsync();
        var file = _folder.Write("a.jsonl", Puts(3));
        node.Refuses["k2"] = "the version differs";

        var first = await SubmitAsync(node, file);
        node.Refuses.Clear();
        var second = await SubmitAsync(node, file);
        var third = await SubmitAsync(node, file, "--retry-failed");

        Assert.Equal((ExitCode.Failed, 2, 0), Totals(first));
        Assert.Equal("line 2: failed: the version differs\n", first.Error);
        Assert.Equal((ExitCode.Failed, 0, 2), Totals(second));
        Assert.Equal((ExitCode.Done, 1, 2), Totals(third));
        AssertAppliedOnce(node, 3);
    }

    [Fact]
    public async Task A_file_that_changed_since_is_refused()
    {
        await using var node = await FakeNode.StartAsync();
        var file = _folder.Write("a.jsonl", Puts(3));
        await SubmitAsync(node, file);
        _folder.Write("a.jsonl", Puts(4));

        Tool.AssertRefused(await SubmitAsync(node, file), ExitCode.Failed, "has changed");
        AssertAppliedOnce(node, 3);
    }

    [Fact]
    public async Task An_empty_file_is_done_at_once()
    {
        await using var node = await FakeNode.StartAsync();

        Assert.Equal((ExitCode.Done, 0, 0), Totals(await SubmitAsync(node, _folder.Write("a.jsonl", ""))));
    }

    private async Task<Said> SubmitAsync(FakeNode node, string file, params string[] more)
    {
        var key = _folder.Sub("client.key.json");
        if (!File.Exists(key))
        {
            await Tool.RunAsync("keys", "new", "--out", key);
        }

        return await Tool.RunAsync(
            ["tx", "submit", "--file", file, "--key", key, "--node", node.Url, "--json", .. more]);
    }

    private static (int Exit, int Applied, int Duplicates) Totals(Said said)
        => (said.Exit, said.Json["applied"]!.GetValue<int>(), said.Json["duplicates"]!.GetValue<int>());

    private static void AssertAppliedOnce(FakeNode node, int count)
    {
        Assert.Equal(count, node.Applications.Count);
        Assert.All(node.Applications, pair => Assert.Equal(1, pair.Value));
    }

    private static string Puts(int count) => string.Concat(Enumerable.Range(1, count).Select(Put));

    private static string Put(int i)
        => $$"""{"op":"put","namespace":"n","key":"k{{i}}","value":"v"}""" + "\n";
}
